package com.example.fm;

import org.llm4msr.api.Setting;

/** Settings of the factorization machine. */
public record FactorizationMachineConfig(
    @Setting(value = "Whether every scenario has a bias of its own", defaultValue = "true")
        boolean scenarioBias) {}
