/** A fusion head as a third party would write it. */
@NullMarked
package com.example.film;

import org.jspecify.annotations.NullMarked;
