package org.llm4msr.server;

import com.linecorp.armeria.common.util.ThreadFactories;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Threads of one server, which end with it. They end at once: requests under way have ended before,
 * while Netty's own would wait two seconds for more.
 */
final class NetworkThreads extends MultiThreadIoEventLoopGroup {

  private static final long SECONDS_TO_END = 15;

  /** Starts none before there is work. */
  NetworkThreads(String name, int threads) {
    super(
        threads, ThreadFactories.newEventLoopThreadFactory(name, true), NioIoHandler.newFactory());
  }

  @Override
  public Future<?> shutdownGracefully() {
    return shutdownGracefully(0, SECONDS_TO_END, TimeUnit.SECONDS);
  }
}
