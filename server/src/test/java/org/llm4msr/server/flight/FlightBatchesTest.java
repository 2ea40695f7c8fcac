package org.llm4msr.server.flight;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CancellationException;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.refusal.Refusals;

/** What a call that failed answers; the server's tests in end-to-end exchange batches. */
class FlightBatchesTest {

  private static FlightStatusCode code(Throwable error) {
    return FlightBatches.failed(error).status().code();
  }

  private static MsrException error(ErrorType type, String code) {
    return new MsrException(type, code, "why");
  }

  @Test
  void everyKindOfErrorHasItsStatus() {
    assertThat(code(Refusals.badRequest("why"))).isEqualTo(FlightStatusCode.INVALID_ARGUMENT);
    assertThat(code(Refusals.noToken())).isEqualTo(FlightStatusCode.UNAUTHENTICATED);
    assertThat(code(error(ErrorType.USER, Refusals.NO_MODEL)))
        .isEqualTo(FlightStatusCode.NOT_FOUND);
    assertThat(code(Refusals.tooManyBytes(5))).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
    assertThat(code(Refusals.clientBusy(2))).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
    assertThat(code(Refusals.notReady())).isEqualTo(FlightStatusCode.UNAVAILABLE);
    assertThat(code(Refusals.tooLate("why"))).isEqualTo(FlightStatusCode.TIMED_OUT);
    assertThat(code(error(ErrorType.PLUGIN, "plugin/FAILED"))).isEqualTo(FlightStatusCode.INTERNAL);
  }

  @Test
  void saysWhatTheErrorSays() {
    assertThat(
            FlightBatches.failed(Refusals.badRequest("The batch is odd.")).status().description())
        .contains("The batch is odd.");
  }

  @Test
  void hidesWhatNobodyForesaw() {
    FlightRuntimeException sent = FlightBatches.failed(new IllegalStateException("secret"));

    assertThat(sent.status().code()).isEqualTo(FlightStatusCode.INTERNAL);
    assertThat(sent.status().description()).contains("internal/FAULT").doesNotContain("secret");
  }

  @Test
  void leavesWhatFlightSays() {
    FlightRuntimeException known = CallStatus.UNIMPLEMENTED.toRuntimeException();

    assertThat(FlightBatches.failed(known)).isSameAs(known);
    assertThat(code(new CancellationException())).isEqualTo(FlightStatusCode.CANCELLED);
  }
}
