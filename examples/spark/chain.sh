#!/usr/bin/env bash
# From raw files to scores on Spark: chain.sh [FOLDER [OPTION...]].
# FOLDER (work/spark) gets everything. Options, such as --master spark://HOST:7077, go to all jobs; without any, two
# executors of this machine, with a core and 1 GB each, do the work. SPARK_HOME names Spark 4.2; without it, Maven fetches
# its jars.
set -euo pipefail

here=$(CDPATH='' cd -- "$(dirname "$0")" && pwd -P)
root=${here%/examples/spark}
llm4msr=$root/llm4msr
[ -f "$llm4msr" ] || llm4msr=$root/bin/llm4msr # In an archive.
folder=${1:-work/spark}
options=("${@:2}")
[ $# -gt 1 ] || options=(
  --master 'local-cluster[2,1,2048]' --conf spark.executor.memory=1g --conf spark.ui.enabled=false
  --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1
  --conf spark.scheduler.minRegisteredResourcesRatio=1 --conf spark.scheduler.barrier.maxConcurrentTasksCheck.interval=1s
)
mkdir -p "$folder"
cd "$folder"
if [ -z "${SPARK_HOME:-}" ]; then
  "$here/spark-home.sh" spark
  export SPARK_HOME=$PWD/spark
fi

say() {
  echo "== llm4msr $*"
  "$llm4msr" "$@"
}

[ -f kuaisar.yaml ] || cp "$here/kuaisar.yaml" .
mkdir -p staging
if [ ! -f raw/GENERATED.json ]; then
  say data generate kuaisar --out raw -Dinteractions="${INTERACTIONS:-20000}" -Dusers=400 -Ditems=300
fi
say spark prepare kuaisar.yaml --staging staging "${options[@]}"
say spark extract kuaisar.yaml "${options[@]}"
say spark train kuaisar.yaml --run first "${options[@]}"
[ -d compiled ] || say compile work/runs/first/bundle --out compiled

# Rows to score: the log of recommendation, as the reader has it. The hour is that of Beijing.
awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "n", "user", "item", "scenario", "hour", "keyword"; next }
  { print NR - 2, $at["user_id"], $at["item_id"], $at["scenario"], int($at["timestamp"] / 3600000 + 8) % 24, "" }' \
  raw/rec_inter.csv >rows.csv
say spark score compiled --in rows.csv --out scores --keep n,user,item --force "${options[@]}"
