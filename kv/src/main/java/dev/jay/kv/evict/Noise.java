// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

/** Numbers that look random and are a function of a seed and a place. */
final class Noise {
    private Noise() {}

    /** Above 0 and below 1. */
    static float uniform(int seed, int place) {
        long x = (long) seed << 32 | place & 0xFFFFFFFFL;
        x = (x ^ x >>> 33) * 0xFF51AFD7ED558CCDL;
        x = (x ^ x >>> 33) * 0xC4CEB9FE1A85EC53L;
        return ((x ^ x >>> 33) >>> 41) * 0x1p-23f + 0x1p-24f;
    }
}
