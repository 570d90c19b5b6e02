// SPDX-License-Identifier: Apache-2.0
/** Keys and values: pages, codecs, policies. Knows no architecture, no request and no text. */
module dev.jay.kv {
    requires transitive dev.jay.tensor;

    exports dev.jay.kv;
    exports dev.jay.kv.codec;
    exports dev.jay.kv.evict;
    exports dev.jay.kv.filter;
    exports dev.jay.kv.merge;
    exports dev.jay.kv.pool;
    exports dev.jay.kv.prefill;
    exports dev.jay.kv.prefix;
    exports dev.jay.kv.select;
    exports dev.jay.kv.tier;
}
