package org.llm4msr.cli.command;

/** The command above all others; holds what they share. */
public abstract class RootCommand extends CommandGroup {

  private final Session session;

  protected RootCommand(Session session) {
    this.session = session;
  }

  final Session session() {
    return session;
  }
}
