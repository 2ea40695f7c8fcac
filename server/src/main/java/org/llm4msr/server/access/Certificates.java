package org.llm4msr.server.access;

import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.common.TlsProvider;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.TlsConfig;

/** The certificate of a server with its key. New connections get the one that was read last. */
public final class Certificates implements TlsProvider {

  private final TlsConfig files;
  private volatile TlsKeyPair pair;

  /**
   * Reads the files.
   *
   * @throws MsrException as {@link #read}
   */
  public Certificates(TlsConfig files) {
    this.files = files;
    pair = pair();
  }

  /** Returns the files that are read. */
  public TlsConfig files() {
    return files;
  }

  /**
   * Reads the files again.
   *
   * @throws MsrException {@code serve/CERTIFICATE}, and the certificate stays as it was
   */
  public void read() {
    pair = pair();
  }

  @Override
  public TlsKeyPair keyPair(String hostname) {
    return pair;
  }

  private TlsKeyPair pair() {
    try {
      TlsKeyPair read = TlsKeyPair.of(files.key().toFile(), files.certificate().toFile());
      requireTogether(read.privateKey(), read.certificateChain().get(0));
      return read;
    } catch (IllegalArgumentException | GeneralSecurityException e) {
      throw new MsrException(
          ErrorType.USER,
          "serve/CERTIFICATE",
          "%s and %s are no certificate with its key: %s. Both should be PEM, the key PKCS#8 and not encrypted."
              .formatted(files.certificate(), files.key(), e.getMessage()),
          e);
    }
  }

  /** A key of another certificate would fail each connection, and nothing else would tell. */
  private static void requireTogether(PrivateKey key, X509Certificate certificate)
      throws GeneralSecurityException {
    Signature signature =
        Signature.getInstance(
            switch (key.getAlgorithm()) {
              case "EC" -> "SHA256withECDSA";
              case "RSA" -> "SHA256withRSA";
              default -> key.getAlgorithm();
            });
    byte[] text = {1, 2, 3};
    signature.initSign(key);
    signature.update(text);
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    signature.update(text);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("the key is that of another certificate");
    }
  }
}
