// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

/** A variant that means the same in every process: its prefixes may go to a tier. */
public interface Salted {
    /** Different for whatever may not be shared. */
    byte[] salt();
}
