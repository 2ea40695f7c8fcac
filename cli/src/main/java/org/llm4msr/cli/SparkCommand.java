package org.llm4msr.cli;

import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.spark.ExtractJobCommand;
import org.llm4msr.cli.spark.PrepareJobCommand;
import org.llm4msr.cli.spark.ScoreJobCommand;
import org.llm4msr.cli.spark.TrainJobCommand;
import picocli.CommandLine;

/** {@code spark}. */
@CommandLine.Command(
    name = "spark",
    description = "Runs jobs on Apache Spark, where one machine is not enough.",
    subcommands = {
      PrepareJobCommand.class,
      ExtractJobCommand.class,
      TrainJobCommand.class,
      ScoreJobCommand.class
    })
final class SparkCommand extends CommandGroup {}
