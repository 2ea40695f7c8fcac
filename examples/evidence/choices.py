"""What the models of a comparison gain and cost, beside its first.

    python choices.py time COSTS COMMAND ...
    python choices.py table FOLDER [COSTS]

`time` runs a command such as `./llm4msr compare choices.yaml`, and writes the processor time of each run's training
to COSTS, a line a run. `table` prints what FOLDER, that of the comparison, and COSTS say: test AUC and its standard
deviation over the seeds, the difference from the first model with its 95 % interval and star, microseconds of processor
time for a training row, validation included (the smallest over the seeds, as the first runs of a process are slower),
and the AUC of further labels.
"""
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

RUN = re.compile(r"run \d+ of \d+: (.*), seed (-?\d+)$")
TRAINED = re.compile(r"train: ([\d,]+) rows in ")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def time(costs, command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    run, began = None, 0.0
    with open(costs, "a") as out:
        for line in process.stdout:
            print(line, end="", flush=True)
            if match := RUN.search(line.rstrip()):
                run, began = match.groups(), processor_seconds(process.pid)
            elif run and (match := TRAINED.search(line)):
                rows = int(match[1].replace(",", ""))
                seconds = processor_seconds(process.pid) - began
                cost = {"model": run[0], "seed": int(run[1]), "rows": rows, "seconds": seconds}
                print(json.dumps(cost), file=out, flush=True)
    sys.exit(process.wait())


def gain(difference):
    if not difference:
        return ""
    text = f"{difference['mean']:+.4f}"
    if difference["low"] is not None:
        text += f" ({difference['low']:+.4f} to {difference['high']:+.4f})"
    return text + ("*" if difference["significant"] else "")


def spread(values):
    return f"{statistics.mean(values):.4f}" + (f" ({statistics.stdev(values):.4f})" if len(values) > 1 else "")


def read_costs(path):
    costs = {}
    for line in Path(path).read_text().splitlines() if path else []:
        run = json.loads(line)
        costs[run["model"], run["seed"]] = run["seconds"] / run["rows"]
    return costs


def table(folder, costs):
    comparison = json.loads((Path(folder) / "comparison.json").read_text())
    costs = read_costs(costs)
    part = comparison["part"].lower()
    print("| model | AUC | difference, 95 % interval | processor time a row, us | other labels |")
    print("|---|---|---|---|---|")
    for model in comparison["models"]:
        name = " + ".join(model["labels"])
        evaluations = [json.loads((Path(f) / f"evaluation-{part}.json").read_text()) for f in model["folders"]]
        aucs = [evaluation["result"]["overall"]["auc"] for evaluation in evaluations]
        cost = [costs[name, seed] for seed in comparison["seeds"] if (name, seed) in costs]
        times = f"{min(cost) * 1e6:.1f}" if cost else ""
        labels = {}
        for evaluation in evaluations:
            for label in evaluation["result"].get("labels", []):
                labels.setdefault(label["label"], []).append(label["overall"]["auc"])
        others = ", ".join(f"{label} {spread(values)}" for label, values in labels.items())
        print(f"| {name} | {spread(aucs)} | {gain(model['scores'][-1]['difference'])} | {times} | {others} |")


if __name__ == "__main__":
    if sys.argv[1] == "time":
        time(sys.argv[2], sys.argv[3:])
    else:
        table(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
