// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

/** Where {@code ./jay} enters. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.out.println("hello");
    }
}
