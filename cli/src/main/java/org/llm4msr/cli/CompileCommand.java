package org.llm4msr.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.CompiledManifest;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code compile}. */
@CommandLine.Command(
    name = "compile",
    description =
        "Records what a bundle's model computes as ONNX graphs, proves that they give the same"
            + " probabilities, and writes a bundle that holds them.")
final class CompileCommand extends Command {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "BUNDLE", description = "The folder of the bundle.")
  Path folder;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "A new folder (default: the name of the bundle, and -compiled).")
  @Nullable Path out;

  @Override
  protected void run() {
    Bundle bundle = Bundle.open(folder);
    Path whole = folder.toAbsolutePath().normalize();
    Path target = out == null ? whole.resolveSibling(whole.getFileName() + "-compiled") : out;
    CompiledManifest manifest = new Compiler(session().loader()).compile(bundle, target);
    terminal().result(manifest, manifest.text() + "\nbundle: " + target);
  }
}
