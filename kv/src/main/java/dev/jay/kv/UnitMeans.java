// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.select.KvSummary;

/** A unit is summed up by the mean of its keys. */
enum UnitMeans implements KvSummary {
    ALL;

    @Override
    public int summaryRows() {
        return 1;
    }

    @Override
    public float summarise(float[] keys, int keyWidth, float[] to) {
        for (int i = 0; i < keys.length; i++) to[i % keyWidth] += keys[i] * keyWidth / keys.length;
        return 0;
    }
}
