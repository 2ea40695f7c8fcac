package org.llm4msr.tck.zoo;

import org.llm4msr.api.Setting;

/** One setting, which changes vectors. */
public record ZooEncoderConfig(
    @Setting(value = "Added to every number", defaultValue = "0") float shift) {}
