package org.llm4msr.runtime.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Says why a file operation failed; the messages of Java's exceptions are often only a path. */
public final class FileErrors {

  private FileErrors() {}

  /** Returns the reason in words, without a full stop. */
  public static String reason(IOException failure) {
    if (failure instanceof JsonProcessingException json) {
      return json.getOriginalMessage(); // Its message shows bytes of the file, and their position.
    }
    if (failure instanceof ClosedByInterruptException) {
      return "the thread was interrupted";
    }
    if (!(failure instanceof FileSystemException file)) {
      String message = failure.getMessage();
      return message == null ? "the file system gave no reason" : message;
    }
    String path = String.valueOf(file.getFile());
    if (file instanceof NoSuchFileException) {
      return "there is no " + path;
    }
    if (file instanceof AccessDeniedException) {
      return "no permission to use " + path;
    }
    if (file instanceof FileAlreadyExistsException) {
      return path + " already exists and is not a folder";
    }
    if (file instanceof NotDirectoryException) {
      return path + " is not a folder";
    }
    if (file instanceof DirectoryNotEmptyException) {
      return path + " is not empty";
    }
    String reason = file.getReason();
    return reason == null ? "the file system refused " + path : path + ": " + reason;
  }

  /** Returns whether a disk, or what a user may take of it, was full. */
  public static boolean isDiskFull(IOException failure) {
    String text = String.valueOf(failure.getMessage());
    return text.contains("No space left") || text.contains("Disk quota");
  }
}
