package org.llm4msr.plugins.features;

import static java.util.Objects.requireNonNull;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.MapOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureValues;

/** Reads a hash of the user and one of each item, all with one write to one connection. */
final class RedisSource implements FeatureSource {

  private static final String WRONG_TYPE = "WRONGTYPE";

  private final Connecting connecting;
  private final String users;
  private final String items;

  /** Reads keys that begin with a prefix. */
  RedisSource(RedisURI uri, String prefix) {
    users = prefix + "user:";
    items = prefix + "item:";
    connecting = new Connecting(uri);
  }

  private static final class Hash extends AsyncCommand<String, String, Map<String, String>> {
    Hash(String key) {
      super(
          new Command<>(
              CommandType.HGETALL,
              new MapOutput<>(StringCodec.UTF8),
              new CommandArgs<>(StringCodec.UTF8).addKey(key)));
    }
  }

  @Override
  public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
    StatefulRedisConnection<String, String> connection = connecting.connection();
    if (connection == null) {
      return CompletableFuture.failedFuture(connecting.missing());
    }
    List<Hash> hashes = new ArrayList<>(query.items().size() + 1);
    if (query.user() != null) {
      hashes.add(new Hash(users + query.user()));
    }
    query.items().forEach(item -> hashes.add(new Hash(items + item)));
    CompletableFuture<Void> all = CompletableFuture.allOf(hashes.toArray(new Hash[0]));
    connecting.asked();
    connection.dispatch(hashes);
    return all.handle((nothing, error) -> values(hashes, query.user() != null));
  }

  private FeatureValues values(List<Hash> hashes, boolean withUser) {
    connecting.answered();
    List<Map<String, String>> all = new ArrayList<>(hashes.size());
    int unreadable = 0;
    for (Hash hash : hashes) {
      try {
        all.add(hash.get());
      } catch (ExecutionException e) {
        Throwable cause = requireNonNull(e.getCause(), "a failure has a cause");
        if (!isWrongType(cause)) {
          throw new CompletionException(cause);
        }
        all.add(Map.of());
        unreadable++;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CompletionException(e);
      }
    }
    return withUser
        ? new FeatureValues(all.get(0), all.subList(1, all.size()), unreadable)
        : new FeatureValues(Map.of(), all, unreadable);
  }

  /** A key that holds something else than a hash is the fault of that key alone. */
  private static boolean isWrongType(Throwable error) {
    return error instanceof RedisCommandExecutionException
        && String.valueOf(error.getMessage()).startsWith(WRONG_TYPE);
  }

  @Override
  public void close() {
    connecting.close();
  }
}
