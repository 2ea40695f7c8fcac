package org.llm4msr.server.config;

import java.nio.file.Path;
import org.llm4msr.api.Setting;

/** The certificate of a server. */
public record TlsConfig(
    @Setting("A PEM file with the certificate and those that it is signed with") Path certificate,
    @Setting("A PEM file with its private key, PKCS#8, not encrypted") Path key) {}
