package org.llm4msr.runtime.config;

import org.llm4msr.api.Setting;

/** How trained models compute: in validation and evaluation, and where a bundle scores. */
public record InferenceConfig(
    @Setting(
            value =
                "Numbers that products of layers read: float32, or bfloat16 on processors with"
                    + " AVX512_BF16 or AMX, and on GPUs",
            defaultValue = "float32")
        Precision precision,
    @Setting(value = "Whether a run compiles its bundle, for a ranker", defaultValue = "false")
        boolean compile) {}
