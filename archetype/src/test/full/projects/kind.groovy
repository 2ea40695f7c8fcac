// The project of a kind has its files alone, and its plugin folder the jar that registers its factories.
import java.util.jar.JarFile

def settings = new Properties()
new File(basedir, 'archetype.properties').withInputStream { settings.load(it) }
def kind = settings.kind
def reader = 'org.llm4msr.api.data.DatasetReaderFactory'
def services = [
    'fusion-head': ['org.llm4msr.api.model.FusionHeadFactory'],
    'meta-network': ['org.llm4msr.api.model.MetaNetworkFactory'],
    'knowledge-encoder': ['org.llm4msr.api.knowledge.KnowledgeEncoderFactory'],
    'prompt-builder': ['org.llm4msr.api.knowledge.PromptBuilderFactory'],
    'dataset-reader': [reader],
    'dataset-generator': ['org.llm4msr.api.data.DatasetGeneratorFactory', reader],
    'feature-source': ['org.llm4msr.api.features.FeatureSourceFactory'],
][kind]

def project = new File(basedir, 'project/' + settings.artifactId)
def configurations = kind == 'feature-source' ? ['server.yaml', 'users.csv'] : ['experiment.yaml']
assert project.list().sort() == (['.gitignore', 'README.md', 'build.log', 'pom.xml', 'src', 'target'] + configurations).sort()
def sources = new File(project, 'src/main/java/com/example/plugin').list()
assert sources.every { it == 'package-info.java' || it.startsWith(settings.className) }
assert new File(project, 'README.md').text.contains(kind.replace('-', ' ') + ' for llm4msr')
assert new File(project, configurations[0]).text.contains(settings.artifactId)

def folder = new File(project, 'target/plugins/' + settings.artifactId)
def toolkit = kind in ['fusion-head', 'meta-network'] ? ['llm4msr-toolkit-model-0.1.0-SNAPSHOT.jar'] : []
assert folder.list().sort() == (toolkit + [settings.artifactId + '-1.0-SNAPSHOT.jar']).sort()
def jar = new JarFile(new File(folder, settings.artifactId + '-1.0-SNAPSHOT.jar'))
def registered = jar.entries().collect { it.name }.findAll { it ==~ 'META-INF/services/.+' }
assert registered.sort() == services.collect { 'META-INF/services/' + it }
