package com.example.film;

import org.llm4msr.api.Setting;

/** Settings of {@link FilmHead}. */
public record FilmConfig(
    @Setting(
            value = "Whether users' knowledge modulates the input as well as scenarios'",
            defaultValue = "false")
        boolean users) {}
