/** A reader of a published data set as a third party would write it. */
@NullMarked
package com.example.mind;

import org.jspecify.annotations.NullMarked;
