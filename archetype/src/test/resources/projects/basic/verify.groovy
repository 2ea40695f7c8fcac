// The plugin folder holds the jar, which states its version and names the factory, and nothing that the runtime brings.
import java.util.jar.JarFile

def project = new File(basedir, 'project/my-ranker')
def folder = new File(project, 'target/plugins/my-ranker')
assert folder.list().sort() == ['llm4msr-toolkit-model-0.1.0-SNAPSHOT.jar', 'my-ranker-1.0-SNAPSHOT.jar']
def jar = new JarFile(new File(folder, 'my-ranker-1.0-SNAPSHOT.jar'))
assert jar.manifest.mainAttributes.getValue('Llm4msr-Spi-Version') ==~ /\d+\.\d+/
def services = jar.getInputStream(jar.getEntry('META-INF/services/org.llm4msr.api.model.BackboneFactory')).text
assert services.trim() == 'com.example.ranker.MyRankerFactory'
assert new File(project, '.gitignore').exists()
assert new File(project, 'experiment.yaml').text.contains('backbone: { name: my-ranker,')
// Nothing of other kinds is left.
assert project.list().sort() == ['.gitignore', 'README.md', 'build.log', 'experiment.yaml', 'pom.xml', 'src', 'target']
assert new File(project, 'src/main/java/com/example/ranker').list().sort() == ['MyRanker.java', 'MyRankerConfig.java', 'MyRankerFactory.java', 'package-info.java']
