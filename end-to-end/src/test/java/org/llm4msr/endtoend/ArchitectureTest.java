package org.llm4msr.endtoend;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvent;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Instant;
import java.util.Set;
import java.util.function.BiConsumer;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;

/** Which part may know which. */
@AnalyzeClasses(packages = "org.llm4msr", importOptions = ArchitectureTest.MainClasses.class)
class ArchitectureTest {

  /** Tests of other modules lie on the class path too, as jars. */
  static final class MainClasses implements ImportOption {

    private final ImportOption noTests = new DoNotIncludeTests();

    @Override
    public boolean includes(Location location) {
      return noTests.includes(location) && !location.contains("-tests.jar");
    }
  }

  /** Types of the runtime that programs use which embed it. */
  private static final Set<String> FOR_USERS =
      Set.of(
          "Main",
          "Workspace",
          "ComparisonConfig",
          "TuningConfig",
          "Measure",
          "ModelEvaluation",
          "RankingMetrics",
          // own metrics are made of these
          "DeltaMethod",
          "Figures",
          "RunModule",
          "Quickstart",
          "TuningResult",
          // benchmarks measure it
          "TrainingStep");

  /**
   * Public types that only their own module uses: they are shared by its packages, and Java knows
   * no visibility of a module.
   */
  private static final Set<String> INSIDE =
      Set.of(
          // engine
          "AddedGradient",
          "AttentionBatch",
          "AttentionKernel",
          "AttentionWeights",
          "BundledLibrary",
          "FloatProducts",
          "GradientSums",
          "HalfMemory",
          "HalfProducts",
          "LayerProducts",
          "Moments",
          "ParameterGradient",
          "PieceGradients",
          "PooledLists",
          "ProductSizes",
          "RowChunks",
          "RowMixture",
          "RowMoves",
          "RowNorm",
          "Shapes",
          "WholeGradient",
          "WrittenGradient",
          // data
          "ArrowFileSink",
          "Columns",
          "CrossText",
          "DataErrors",
          "FieldColumn",
          "FolderTrainingLog",
          "HashBuckets",
          "IdListColumn",
          "LabelNames",
          "ListTable",
          "ListWeightColumn",
          "ManifestFile",
          "OddKeys",
          "RowOrder",
          "ShuffledOrder",
          "SplitReader",
          "TextColumn",
          "UserOrder",
          "ValueRows",
          "VectorColumn",
          "WatchedReader",
          // knowledge
          "EventLog",
          "Hashes",
          "KnowledgeStatistics",
          "StoredKnowledge",
          "UnitVectors",
          "Whitening",
          // core, engine
          "EngineTraits",
          "Inline",
          "TorchGradients",
          "Word",
          // scoring
          "BatchAttention",
          "BatchSequences",
          "FieldTables",
          "FlatColumns",
          "LabelTowers",
          "LogitTerms",
          "ModelIdentity",
          "ModelSequences",
          "SharedState",
          // training
          "AucCount",
          "BatchLoss",
          "CalibrationBins",
          "Joint",
          "LabelLosses",
          "LossShares",
          "LossText",
          // experiment
          "Explainer",
          "RunLog",
          // lab
          "BarChart",
          "Html",
          "Neighbours",
          "PairedDifference",
          "PairedRatio",
          "Section",
          "SideBySide");

  /** What Spark finds by names. */
  private static final String NOT_USED = "org.llm4msr.runtime.cluster..";

  @ArchTest
  static final ArchRule modulesUseWhatTheTableSays =
      classes()
          .that(DescribedPredicate.describe("are ours", Modules::isOurs))
          .should(
              condition(
                  "use the modules that the table allows",
                  (type, events) ->
                      type.getDirectDependenciesFromSelf().stream()
                          .filter(use -> Modules.isOurs(use.getTargetClass()))
                          .filter(use -> !Modules.mayUse(type, use.getTargetClass()))
                          .forEach(use -> events.add(violated(type, use.getDescription())))));

  @ArchTest
  static final ArchRule theRuntimeStandsOnNothingThatServes =
      noClasses()
          .that()
          .resideInAPackage("org.llm4msr.runtime..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.llm4msr.serving..", "org.llm4msr.server..", "org.llm4msr.cli..");

  @ArchTest
  static final ArchRule publicTypesAreThoseThatOthersUse =
      classes()
          .that()
          .resideInAPackage("org.llm4msr.runtime..")
          .and()
          .resideOutsideOfPackage(NOT_USED)
          .and()
          .arePublic()
          .and()
          .areTopLevelClasses()
          .should(
              condition(
                  "be used by another module",
                  (type, events) -> {
                    boolean shared = isUsedByAnotherModule(type);
                    String name = type.getSimpleName();
                    if (!shared && !FOR_USERS.contains(name) && !INSIDE.contains(name)) {
                      events.add(violated(type, type.getName() + " is used by no other module"));
                    }
                    if (shared && INSIDE.contains(name)) {
                      events.add(violated(type, type.getName() + " is used by another module"));
                    }
                  }));

  private static boolean isUsedByAnotherModule(JavaClass type) {
    String own = Modules.of(type);
    return type.getDirectDependenciesToSelf().stream()
        .map(use -> Modules.of(use.getOriginClass()))
        .anyMatch(user -> !user.equals(own));
  }

  private static ArchCondition<JavaClass> condition(
      String says, BiConsumer<JavaClass, ConditionEvents> check) {
    return new ArchCondition<>(says) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        check.accept(type, events);
      }
    };
  }

  private static ConditionEvent violated(JavaClass type, String message) {
    return SimpleConditionEvent.violated(type, message);
  }

  @ArchTest
  static final ArchRule apiSpeaksOfNoEngineAndNoGuice =
      noClasses()
          .that()
          .resideInAPackage("org.llm4msr.api..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "com.google..", "org.hibernate..", "ai.djl.pytorch..", "ai.djl.mxnet..", "picocli..");

  @ArchTest
  static final ArchRule noCycles = slices().matching("org.llm4msr.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule noStandardStreamsOutsideTheCommandLine =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "org.llm4msr.cli..",
              "org.llm4msr.tck..",
              "org.llm4msr.checking..",
              "org.llm4msr.spark")
          .should(ACCESS_STANDARD_STREAMS);

  /** So deadlines and limits hold when the clock of the machine jumps. */
  @ArchTest
  static final ArchRule requestsAreTimedByNoWallClock =
      noClasses()
          .that()
          .resideInAnyPackage(
              "org.llm4msr.serving.ranker..",
              "org.llm4msr.server.ranking..",
              "org.llm4msr.server.features..",
              "org.llm4msr.server.http..",
              "org.llm4msr.server.grpc..",
              "org.llm4msr.server.flight..")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Instant.class, "now");

  /** The trainer, the scorer, the ranker and the server ask the chain of VectorLookup. */
  @ArchTest
  static final ArchRule oneChainDecidesWhichVectorCounts =
      noClasses()
          .that()
          .resideOutsideOfPackages("org.llm4msr.runtime.knowledge..", "org.llm4msr.exchange..")
          .and()
          .doNotHaveSimpleName("ExplanationStage") // Compares what is stored, for no row.
          .should()
          .callMethod(KnowledgeSource.class, "read", String.class, float[].class)
          .orShould()
          .callMethod(FreshVectors.class, "of", Level.class, String.class);

  @ArchTest
  static final ArchRule onlyPluginDiscoveryLoadsClassesByName =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.llm4msr.runtime.plugins..")
          .and()
          .doNotHaveSimpleName("OnnxEnvironment") // It reaches what a library keeps to itself.
          .should()
          .callMethod(Class.class, "forName", String.class)
          .orShould()
          .callMethod(Class.class, "forName", String.class, boolean.class, ClassLoader.class)
          .orShould()
          .callMethod(ClassLoader.class, "loadClass", String.class);

  @ArchTest
  static final ArchRule nothingReadsJavaSerialization =
      noClasses().should().dependOnClassesThat().areAssignableTo(java.io.ObjectInputStream.class);

  @ArchTest
  static final ArchRule apiStatesItsStability =
      classes()
          .that()
          .resideInAPackage("org.llm4msr.api..")
          .and()
          .arePublic()
          .and()
          .areTopLevelClasses()
          .should()
          .beAnnotatedWith(Stability.class);

  @ArchTest
  static final ArchRule factoriesAreNamed =
      classes()
          .that()
          .implement(PluginFactory.class)
          .and()
          .areNotInterfaces()
          .and()
          .resideOutsideOfPackage("org.llm4msr.runtime..") // What it assembles itself is no plugin.
          .should()
          .beAnnotatedWith(Plugin.class)
          .andShould()
          .bePublic();
}
