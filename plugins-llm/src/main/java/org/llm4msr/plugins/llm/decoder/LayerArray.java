package org.llm4msr.plugins.llm.decoder;

/**
 * The arrays of a layer, in the order in which {@link DecoderScript} finds them; not every model
 * has all.
 */
enum LayerArray {
  /** (H). */
  ATTENTION_NORM,
  /** (queries + 2 x keys, H). */
  QUERY_KEY_VALUE,
  /** (queries + 2 x keys). */
  QUERY_KEY_VALUE_BIAS,
  /** (head), for every query head. */
  QUERY_NORM,
  /** (head), for every key head. */
  KEY_NORM,
  /** (H, queries). */
  OUTPUT,
  /** (H). */
  OUTPUT_BIAS,
  /** (H), of what the attention adds to the states. */
  OUTPUT_NORM,
  /** (H). */
  FEED_FORWARD_NORM,
  /** (2 x feed-forward, H). */
  GATE_UP,
  /** (2 x feed-forward). */
  GATE_UP_BIAS,
  /** (H, feed-forward). */
  DOWN,
  /** (H). */
  DOWN_BIAS,
  /** (H), of what the feed-forward part adds to the states. */
  DOWN_NORM
}
