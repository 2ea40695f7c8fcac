package org.llm4msr.spark.job;

import org.apache.spark.sql.SparkSession;

/** One of the jobs that the application can do. */
@FunctionalInterface
public interface Job {

  /**
   * Does the job.
   *
   * @return what is reported
   * @throws org.llm4msr.spark.home.JobException for what a user can change
   */
  JobReport run(SparkSession session, Options options);
}
