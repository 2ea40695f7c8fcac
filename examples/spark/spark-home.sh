#!/usr/bin/env bash
# Makes a folder of Spark of the jars that Maven has: spark-home.sh FOLDER. It is enough for jobs of this machine and
# for standalone workers; with --master yarn or k8s, take what Spark publishes.
set -euo pipefail

folder=${1:?spark-home.sh FOLDER}
root=$(CDPATH='' cd -- "$(dirname "$0")/../.." && pwd -P)
jars=$root/spark/jars/target/classpath.txt # written by Maven
if [ ! -f "$jars" ]; then
  if [ ! -f "$root/spark/jars/pom.xml" ] || ! command -v mvn >/dev/null; then
    echo "spark-home.sh: there is no Spark. Unpack Spark 4.2 with Scala 2.13 (https://spark.apache.org/downloads.html)," \
      "and name its folder by SPARK_HOME; in a checkout, Maven would fetch its jars." >&2
    exit 2
  fi
  echo "Fetching the jars of Spark: 220 MB, once." >&2
  mvn -B -ntp -q -f "$root/spark/jars/pom.xml" generate-test-resources >&2
fi

mkdir -p "$folder/jars" "$folder/bin"
IFS=: read -r -a all <"$jars" || true
ln -sf "${all[@]}" "$folder/jars/"

# What Spark's own scripts add to the line of a JVM.
opens=''
for package in lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic; do
  opens+=" --add-opens=java.base/java.$package=ALL-UNNAMED"
done
for package in jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
  opens+=" --add-opens=java.base/$package=ALL-UNNAMED"
done
cat >"$folder/bin/spark-class" <<END
#!/usr/bin/env bash
# Runs a class of Spark: spark-class NAME ARGUMENT...
# SPARK_DRIVER_MEMORY is the heap of its JVM (1g), SPARK_SUBMIT_OPTS holds more options of that.
export SPARK_HOME=\$(CDPATH='' cd -- "\$(dirname "\$0")/.." && pwd -P) SPARK_SCALA_VERSION=2.13
exec "\${JAVA_HOME:+\$JAVA_HOME/bin/}java" -Xmx\${SPARK_DRIVER_MEMORY:-1g} -Djdk.reflect.useDirectMethodHandle=false$opens \\
  \${SPARK_SUBMIT_OPTS:-} -cp "\$SPARK_HOME/jars/*" "\$@"
END
cat >"$folder/bin/spark-submit" <<'END'
#!/usr/bin/env bash
exec "$(dirname "$0")/spark-class" org.apache.spark.deploy.SparkSubmit "$@"
END
chmod +x "$folder/bin/spark-class" "$folder/bin/spark-submit"
