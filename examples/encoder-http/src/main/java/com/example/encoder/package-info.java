/** A knowledge encoder that asks a service; README.md states the protocol. */
@NullMarked
package com.example.encoder;

import org.jspecify.annotations.NullMarked;
