package org.llm4msr.server.refusal;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.text.Shortened;

/** Why requests are refused before they are ranked. */
public final class Refusals {

  /** The header, or trailer of gRPC, that has the code of an error. */
  public static final String HEADER = "error-code";

  /** Nobody waits for the answer. */
  public static final String CANCELLED = "serve/CANCELLED";

  /** Too much is asked at once. */
  public static final String BUSY = "serve/BUSY";

  /** One client asks too much at once. */
  public static final String CLIENT_BUSY = "serve/CLIENT_BUSY";

  /** The server ends, or has not begun. */
  public static final String NOT_READY = "serve/NOT_READY";

  /** More bytes or items than are taken. */
  public static final String TOO_LARGE = "serve/TOO_LARGE";

  /** No such model. */
  public static final String NO_MODEL = "serve/NO_MODEL";

  /** A version that cannot be served. */
  public static final String REJECTED = "serve/REJECTED";

  /** No such version of a model. */
  public static final String NO_VERSION = "serve/NO_VERSION";

  /** No such scenario. The ranker says so. */
  public static final String NO_SCENARIO = "data/UNKNOWN_SCENARIO";

  /** No token, or another one. */
  public static final String NO_TOKEN = "serve/NO_TOKEN";

  /** A token that is not for what is asked, or a page or name of somebody else. */
  public static final String NOT_ALLOWED = "serve/NOT_ALLOWED";

  /** A body in a form that is not read. */
  public static final String OTHER_FORM = "serve/OTHER_FORM";

  /** A request that cannot be read. */
  public static final String BAD_REQUEST = "serve/BAD_REQUEST";

  /** The model is now a version with other labels. */
  public static final String OTHER_LABELS = "serve/OTHER_LABELS";

  /** Too late. The ranker says the same. */
  public static final String DEADLINE = "rank/DEADLINE";

  private Refusals() {}

  /** Says that the request cannot be read. */
  public static MsrException badRequest(String text) {
    return new MsrException(ErrorType.USER, BAD_REQUEST, text);
  }

  /** Says that the queue is full. */
  public static MsrException busy(int waiting) {
    return new MsrException(
        ErrorType.RESOURCES,
        BUSY,
        "%,d requests wait already. Ask again later, or add servers.".formatted(waiting),
        null,
        true);
  }

  /** Says that the answer would come too late. */
  public static MsrException wouldBeLate(int waiting) {
    return new MsrException(
        ErrorType.RESOURCES,
        BUSY,
        "%,d requests wait already, so the answer would come after the deadline. Ask again later, or add servers."
            .formatted(waiting),
        null,
        true);
  }

  /** Says that a client asks too much at once. */
  public static MsrException clientBusy(int most) {
    return new MsrException(
        ErrorType.RESOURCES,
        CLIENT_BUSY,
        "This client has %,d requests under way, as many as limits.perClient allows. Wait for their answers."
            .formatted(most),
        null,
        true);
  }

  /** Says that a version cannot be served. */
  public static MsrException rejected(String version, MsrException why) {
    return new MsrException(
        ErrorType.USER,
        REJECTED,
        "The version '%s' is not served, and nothing has changed: %s"
            .formatted(version, why.getMessage()),
        why);
  }

  /** Says that there are too many calls that bring batches. */
  public static MsrException tooManyCalls(int most) {
    return new MsrException(
        ErrorType.RESOURCES,
        BUSY,
        "%,d calls bring batches already, as many as limits.flights allows. Ask again later."
            .formatted(most),
        null,
        true);
  }

  /** Says that the server does not rank now. */
  public static MsrException notReady() {
    return new MsrException(
        ErrorType.RESOURCES,
        NOT_READY,
        "The server is starting or ending. Ask again later, or ask another one.",
        null,
        true);
  }

  /** Says that there are too many items. */
  public static MsrException tooManyItems(int most) {
    return new MsrException(
        ErrorType.USER,
        TOO_LARGE,
        "The request has more than %,d items. Send fewer, or raise limits.items.".formatted(most));
  }

  /** Says that there are too many items for explanations. */
  public static MsrException tooManyToExplain(int most) {
    return new MsrException(
        ErrorType.USER,
        TOO_LARGE,
        "The request has more than %,d items to explain. Send fewer, or leave out explain."
            .formatted(most));
  }

  /** Says that there are too many bytes. */
  public static MsrException tooManyBytes(long most) {
    return new MsrException(
        ErrorType.USER,
        TOO_LARGE,
        "The request has more than %,d bytes. Send fewer items, or raise limits.body."
            .formatted(most));
  }

  /** Says that the model of a call has become a version with other labels. */
  public static MsrException otherLabels(List<String> before, List<String> now) {
    return new MsrException(
        ErrorType.RESOURCES,
        OTHER_LABELS,
        "The model is now another version, with the further labels %s in place of %s. Begin a new call, and send the batch again."
            .formatted(now, before),
        null,
        true);
  }

  /** Says that nobody waits for the answer. */
  public static MsrException cancelled() {
    return new MsrException(ErrorType.USER, CANCELLED, "The client does not wait for the answer.");
  }

  /** Says that time is over. */
  public static MsrException tooLate(String text) {
    return new MsrException(ErrorType.RESOURCES, DEADLINE, text, null, true);
  }

  /** Says that a token is needed. */
  public static MsrException noToken() {
    return new MsrException(
        ErrorType.USER,
        NO_TOKEN,
        "The request has no token that the server knows. Send one of its tokens as `Authorization: Bearer TOKEN`.");
  }

  /** Says that the token is known, but not for this. */
  public static MsrException otherRole(String needed) {
    return notAllowed(
        "The token of the request may not do this. Send one of the role %s, or of the role operate."
            .formatted(needed.toLowerCase(Locale.ROOT)));
  }

  /** Says that a page of somebody else has sent the request. */
  public static MsrException foreignPage(@Nullable String origin) {
    return notAllowed(
        "A page of %s has sent the request, which is not one of this server. If it may, add its name to hosts in the server's configuration, or use tokens."
            .formatted(Shortened.of(String.valueOf(origin))));
  }

  /** Says that a change was asked for at a name that is not known to be of the server. */
  public static MsrException foreignHost(String host) {
    return notAllowed(
        "Changes are not taken at the name %s. Ask at the address of the server, add the name to hosts in its configuration, or use tokens."
            .formatted(Shortened.of(host)));
  }

  private static MsrException notAllowed(String text) {
    return new MsrException(ErrorType.USER, NOT_ALLOWED, text);
  }

  /** Says that the body is no JSON by its header. */
  public static MsrException notJson(@Nullable String type) {
    return new MsrException(
        ErrorType.USER,
        OTHER_FORM,
        "The header Content-Type is %s. It should be application/json."
            .formatted(type == null ? "missing" : Shortened.of(type)));
  }

  /** Says that the body is packed in a way that is not read. */
  public static MsrException otherEncoding(String encoding) {
    return new MsrException(
        ErrorType.USER,
        OTHER_FORM,
        "The header Content-Encoding is %s. Send the body as gzip, or as it is."
            .formatted(Shortened.of(encoding)));
  }
}
