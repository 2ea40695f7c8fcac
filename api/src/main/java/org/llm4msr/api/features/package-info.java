/** Values of users and items that are fetched when a request comes. */
@NullMarked
package org.llm4msr.api.features;

import org.jspecify.annotations.NullMarked;
