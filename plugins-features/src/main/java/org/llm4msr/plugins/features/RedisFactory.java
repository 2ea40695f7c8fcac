package org.llm4msr.plugins.features;

import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import io.lettuce.core.RedisURI;
import java.util.Arrays;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;

/** Makes sources that read hashes of Redis. */
@Plugin(name = "redis", description = "Hashes of Redis, one round trip a request")
public final class RedisFactory implements FeatureSourceFactory<RedisConfig> {

  @Override
  public Class<RedisConfig> configType() {
    return RedisConfig.class;
  }

  @Override
  public FeatureSource create(RedisConfig config, FeatureContext context) {
    return new RedisSource(uri(config), config.prefix());
  }

  private static RedisURI uri(RedisConfig config) {
    try {
      RedisURI uri = RedisURI.create(config.uri());
      String password = config.password();
      if (password != null) {
        char[] secret = password.toCharArray();
        uri.setCredentialsProvider(
            RedisCredentialsProvider.from(
                () ->
                    RedisCredentials.just(
                        config.username(), Arrays.copyOf(secret, secret.length))));
      }
      return uri;
    } catch (IllegalArgumentException e) {
      throw new MsrException(
          ErrorType.USER,
          "redis/URI",
          "The uri '%s' names no Redis: %s. Write redis://HOST:PORT/DATABASE."
              .formatted(config.uri(), e.getMessage()),
          e);
    }
  }
}
