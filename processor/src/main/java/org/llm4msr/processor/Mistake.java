package org.llm4msr.processor;

import javax.lang.model.element.Element;

/**
 * What is wrong with a factory.
 *
 * @param place where the compiler shows it
 * @param text the end of a sentence that begins with the factory, and its remedy
 */
record Mistake(Element place, String text) {}
