package org.llm4msr.server.http;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPipeline;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** How many connections are open. */
public final class Connections implements Consumer<ChannelPipeline> {

  private final AtomicInteger open = new AtomicInteger();

  @Override
  public void accept(ChannelPipeline begun) {
    open.incrementAndGet();
    ChannelFuture unused =
        begun.channel().closeFuture().addListener(ended -> open.decrementAndGet());
  }

  /** Returns the number. */
  public int open() {
    return open.get();
  }
}
