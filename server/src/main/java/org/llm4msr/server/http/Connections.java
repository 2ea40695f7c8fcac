package org.llm4msr.server.http;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpExpectationFailedEvent;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** How many connections are open, and what each of them leaves unsaid. */
public final class Connections implements Consumer<ChannelPipeline> {

  private final AtomicInteger open = new AtomicInteger();

  @Override
  public void accept(ChannelPipeline begun) {
    open.incrementAndGet();
    ChannelFuture unused =
        begun.channel().closeFuture().addListener(ended -> open.decrementAndGet());
    begun.addFirst(
        new ChannelInboundHandlerAdapter() {
          @Override
          public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (!(event instanceof HttpExpectationFailedEvent)) { // It is answered with 417.
              context.fireUserEventTriggered(event);
            }
          }
        });
  }

  /** Returns the number. */
  public int open() {
    return open.get();
  }
}
