// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Names a prefix beyond this process: 128 bits of a hash of whose it is, what its keys and values depend on, and every
 * token of it, stride after stride.
 */
public record PrefixKey(long high, long low) {
    public static final int BYTES = 16;

    /** Of no token yet. */
    public static PrefixKey of(byte[] salt) {
        return hash(salt);
    }

    /** Of this prefix and the tokens that follow it. */
    public PrefixKey then(int... tokens) {
        ByteBuffer all =
                ByteBuffer.allocate(BYTES + 4 * tokens.length).putLong(high).putLong(low);
        all.asIntBuffer().put(tokens);
        return hash(all.array());
    }

    private static PrefixKey hash(byte[] bytes) {
        try {
            ByteBuffer digest =
                    ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes));
            return new PrefixKey(digest.getLong(), digest.getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }
}
