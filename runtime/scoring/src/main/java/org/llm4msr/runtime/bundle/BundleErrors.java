package org.llm4msr.runtime.bundle;

import java.io.IOException;
import java.nio.file.Path;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.FileErrors;

/** The errors of bundles. */
public final class BundleErrors {

  private BundleErrors() {}

  public static MsrException damaged(Path file, String how) {
    return new MsrException(
        ErrorType.DATA,
        "bundle/DAMAGED",
        "%s %s. Copy the complete bundle again from where it was created.".formatted(file, how));
  }

  public static MsrException unreadable(Path file, IOException cause) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "bundle/UNREADABLE",
        "%s cannot be read: %s. Check the path, the permissions and the disk."
            .formatted(file, FileErrors.reason(cause)),
        cause);
  }

  public static MsrException notWritten(Path target, IOException cause) {
    return new MsrException(
        ErrorType.RESOURCES,
        "bundle/NOT_WRITTEN",
        "The bundle %s could not be written: %s. Make room or choose another folder, and run it again; the checkpoints are kept."
            .formatted(target, FileErrors.reason(cause)),
        cause,
        true);
  }
}
