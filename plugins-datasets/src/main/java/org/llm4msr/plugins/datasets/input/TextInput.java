package org.llm4msr.plugins.datasets.input;

/** Rows of a text file, with two columns besides their values. */
public interface TextInput extends ArrowInput {

  /** The number of the line in which a row begins, from 1. */
  String LINE = "(line)";

  /** Why a row cannot be read, as a sentence. */
  String FAULT = "(fault)";

  /** Begins the message of a reading that such a row ends; file, line and fault follow. */
  String MALFORMED = "Malformed row in ";

  /** The fault of a line in another encoding. */
  String NOT_UTF_8 = "the line is not in UTF-8.";
}
