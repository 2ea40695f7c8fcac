package org.llm4msr.runtime.config.cluster;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/**
 * How jobs run on Apache Spark: nothing here changes what they compute, but for the rounding of
 * training by several workers.
 */
public record SparkConfig(
    @Setting(
            value =
                "The master: local[N], spark://HOST:PORT, yarn or k8s://URL; without one, that of"
                    + " Spark's own configuration",
            operational = true)
        @Nullable String master,
    @Setting(
            value = "Where the driver runs: client, this machine; cluster, one of the nodes",
            defaultValue = "client",
            operational = true)
        @Pattern(regexp = "client|cluster", message = "must be client or cluster")
        String deployMode,
    @Setting(
            value = "Folder of Spark, with bin/spark-submit; without one, SPARK_HOME",
            operational = true)
        @Nullable String sparkHome,
    @Setting(
            value =
                "Folder on every node with llm4msr, as its archive unpacks; without one and without"
                    + " archive, the folder that it runs from here",
            operational = true)
        @Nullable String home,
    @Setting(
            value = "The archive of llm4msr, a file or a URL, which Spark sends to every node",
            operational = true)
        @Nullable String archive,
    @Setting(
            value =
                "Settings of Spark by name, such as spark.executor.memory; passwords belong into"
                    + " Spark's own configuration",
            defaultValue = "{}",
            operational = true)
        Map<String, String> conf,
    @Setting(
            value = "N, executors that train one model together, each on a part of every batch",
            defaultValue = "2",
            operational = true)
        @Min(1)
        @Max(1024)
        int workers,
    @Setting(
            value =
                "Whether each of these executors has a part of the rows of every embedding table,"
                    + " by a hash of their numbers, in place of a copy; the result is the same",
            defaultValue = "false",
            operational = true)
        boolean partitionTables,
    @Setting(
            value =
                "Seconds that an executor waits for another, which may evaluate or write alone"
                    + " meanwhile",
            defaultValue = "3600",
            operational = true)
        @Min(1)
        @Max(999_999)
        int patienceSeconds) {}
