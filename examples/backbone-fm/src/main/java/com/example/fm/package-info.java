/** A backbone as a third party would write it. */
@NullMarked
package com.example.fm;

import org.jspecify.annotations.NullMarked;
