package org.llm4msr.runtime.report;

/**
 * A part of a page.
 *
 * @param id anchor
 * @param html the content below the title; a section without content is not shown
 */
public record Section(String id, String title, String html) {}
