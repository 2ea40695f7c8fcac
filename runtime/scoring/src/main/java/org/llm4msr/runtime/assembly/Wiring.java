package org.llm4msr.runtime.assembly;

import com.google.inject.Binder;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Key;
import com.google.inject.Module;
import com.google.inject.Provider;
import com.google.inject.ProvisionException;
import com.google.inject.util.Modules;
import java.util.List;

/** The injector of a run, in which an embedder's modules replace what the standard one binds. */
public final class Wiring {

  private final Injector injector;

  private Wiring(Injector injector) {
    this.injector = injector;
  }

  /**
   * Makes an injector.
   *
   * @param replacements whose bindings take the place of those of {@code standard}
   * @throws com.google.inject.CreationException if bindings contradict each other or lack one
   */
  public static Wiring of(Module standard, List<Module> replacements) {
    Module module = Modules.override(standard).with(replacements);
    return new Wiring(Guice.createInjector(Wiring::requireExplicit, module));
  }

  /** Makes an injector refuse to make what no module binds. */
  public static void requireExplicit(Binder binder) {
    binder.requireExplicitBindings();
    binder.requireAtInjectOnConstructors();
    binder.disableCircularProxies();
  }

  /** Returns a part of the run, as {@link #get(Key)}. */
  public <T> T get(Class<T> type) {
    return get(Key.get(type));
  }

  /** Returns a part of the run, as {@link #get(Provider)}. */
  public <T> T get(Key<T> key) {
    return get(injector.getProvider(key));
  }

  /** Returns what a provider gives; throws what kept it from that, not Guice's report of it. */
  public static <T> T get(Provider<T> provider) {
    try {
      return provider.get();
    } catch (ProvisionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }
}
