evaluate(new File(basedir, '../kind.groovy'))
