package org.llm4msr.runtime.report;

/**
 * A part of a page.
 *
 * @param id anchor
 * @param html what stands below the title; a section without is not shown
 */
public record Section(String id, String title, String html) {}
