package org.llm4msr.server.refusal;

import org.llm4msr.api.MsrException;

/** Kinds of errors, as far as transports tell them apart. */
public enum ErrorKind {
  /** The request cannot be read. */
  BAD_REQUEST,
  /** The request has no token. */
  NO_TOKEN,
  /** Whoever asks may not do this. */
  NOT_ALLOWED,
  /** The body has a form that is not read. */
  OTHER_FORM,
  /** The request names what does not exist. */
  NOT_FOUND,
  /** The server is not made for the request. */
  CONFLICT,
  /** There is no room for what the request brings. */
  FULL,
  /** The request is too large. */
  TOO_LARGE,
  /** The client asks too much at once. */
  CLIENT_BUSY,
  /** The server cannot answer now. */
  UNAVAILABLE,
  /** The time is over. */
  TOO_LATE,
  /** The client has left. */
  CANCELLED,
  /** A fault of the server or of a plugin. */
  FAULT;

  /** Returns the kind of an error. */
  public static ErrorKind of(MsrException error) {
    return switch (error.code()) {
      case Refusals.NO_TOKEN -> NO_TOKEN;
      case Refusals.NOT_ALLOWED -> NOT_ALLOWED;
      case Refusals.OTHER_FORM -> OTHER_FORM;
      case Refusals.NO_MODEL,
          Refusals.NO_VERSION,
          Refusals.NO_SCENARIO,
          KnowledgeRefusals.NO_VECTOR ->
          NOT_FOUND;
      case Refusals.REJECTED,
          KnowledgeRefusals.NOT_READ,
          KnowledgeRefusals.NO_ENCODER,
          KnowledgeRefusals.OTHER_ENCODER ->
          CONFLICT;
      case KnowledgeRefusals.FULL -> FULL;
      case Refusals.TOO_LARGE -> TOO_LARGE;
      case Refusals.CLIENT_BUSY -> CLIENT_BUSY;
      case Refusals.DEADLINE -> TOO_LATE;
      case Refusals.CANCELLED -> CANCELLED;
      default -> ofType(error);
    };
  }

  private static ErrorKind ofType(MsrException error) {
    if (error.code().startsWith("bundle/")) {
      return UNAVAILABLE; // What it reads is damaged, whatever the request; another server may do.
    }
    return switch (error.type()) {
      case USER, DATA -> BAD_REQUEST;
      case EXTERNAL, RESOURCES -> UNAVAILABLE;
      case PLUGIN, INTERNAL -> FAULT;
    };
  }
}
