package org.llm4msr.dist;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Which part may know which. */
@AnalyzeClasses(packages = "org.llm4msr", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule apiKnowsNothingOfOurs =
      noClasses()
          .that()
          .resideInAPackage("org.llm4msr.api..")
          .should()
          .dependOnClassesThat(
              com.tngtech.archunit.base.DescribedPredicate.describe(
                  "are ours and not of the API",
                  type ->
                      type.getPackageName().startsWith("org.llm4msr")
                          && !type.getPackageName().startsWith("org.llm4msr.api")));

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
  static final ArchRule pluginsKnowTheApiOnly =
      noClasses()
          .that()
          .resideInAPackage("org.llm4msr.plugins..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.llm4msr.runtime..", "org.llm4msr.tck..");

  @ArchTest
  static final ArchRule pluginModulesDoNotKnowEachOther =
      slices().matching("org.llm4msr.plugins.(*)..").should().notDependOnEachOther();

  @ArchTest
  static final ArchRule runtimeNamesNoPlugin =
      noClasses()
          .that()
          .resideInAPackage("org.llm4msr.runtime..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.llm4msr.plugins..");

  @ArchTest
  static final ArchRule noCycles = slices().matching("org.llm4msr.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule noStandardStreamsOutsideTheCommandLine =
      noClasses()
          .that()
          .resideOutsideOfPackages("org.llm4msr.runtime.cli..", "org.llm4msr.tck..")
          .should(ACCESS_STANDARD_STREAMS);

  @ArchTest
  static final ArchRule onlyPluginDiscoveryLoadsClassesByName =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.llm4msr.runtime.plugins..")
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
          .should()
          .beAnnotatedWith(Plugin.class)
          .andShould()
          .bePublic();
}
