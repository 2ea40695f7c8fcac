package org.llm4msr.checking.link;

/**
 * A symbolic reference in a class file.
 *
 * @param owner the class that is named, with slashes, or that has the member
 * @param name of the member; empty for a class
 * @param descriptor of the member; empty for a class
 * @param line in the source; 0 if not known
 * @param guard what happens if it cannot be resolved
 */
record Reference(Kind kind, String owner, String name, String descriptor, int line, Guard guard) {

  enum Kind {
    /** A class that is extended, cast to, caught, and so on. */
    CLASS,
    /** A class that is the type of a field, a parameter or a result: only reflection reads it. */
    DECLARED,
    /** An annotation that is read at run time. */
    ANNOTATION,
    /** A class of which an instance is made. */
    NEW,
    /** A class that is a value, of which reflection may make an instance. */
    LITERAL,
    FIELD,
    STATIC_FIELD,
    /** A method that a subclass may override. */
    METHOD,
    /** A constructor, a private method or one of a superclass. */
    SPECIAL_METHOD,
    STATIC_METHOD
  }

  enum Guard {
    /** The error is thrown on. */
    NONE,
    /** A handler catches all errors. */
    ANYTHING,
    /** A handler catches errors of linkage, so its author has thought of this one. */
    LINKAGE
  }

  boolean isMethod() {
    return kind == Kind.METHOD || kind == Kind.SPECIAL_METHOD || kind == Kind.STATIC_METHOD;
  }

  boolean isField() {
    return kind == Kind.FIELD || kind == Kind.STATIC_FIELD;
  }
}
