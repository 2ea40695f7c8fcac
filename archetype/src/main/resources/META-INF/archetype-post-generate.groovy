// Moves the files of the chosen kind of plugin to their places, and removes those of the others.
def kind = request.properties['kind']
def project = new File(request.outputDirectory, request.artifactId)
def kinds = new File(project, 'kinds')

def known = kinds.list().sort()
if (!known.contains(kind)) {
    kinds.deleteDir()
    throw new IllegalArgumentException("There is no kind of plugin '" + kind + "'. Delete " + project
        + ' and generate it again with -Dkind=KIND, one of ' + known.join(', ') + '.')
}

def sources = request.getPackage().replace('.', '/')
def places = [main: 'src/main/java/' + sources, test: 'src/test/java/' + sources]
// A generator is tested with the reader of its format. What both have is the generator's.
def chosen = kind == 'dataset-generator' ? ['dataset-reader', kind] : [kind]
chosen.each { folder ->
    new File(kinds, folder).eachFileRecurse(groovy.io.FileType.FILES) { file ->
        def place = new File(project, places.getOrDefault(file.parentFile.name, ''))
        place.mkdirs()
        java.nio.file.Files.move(file.toPath(), new File(place, file.name).toPath(),
            java.nio.file.StandardCopyOption.REPLACE_EXISTING)
    }
}
kinds.deleteDir()
