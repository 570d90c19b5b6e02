// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PlacesTest {
    @Test
    void shouldSayWhenToComeAgainByThePaceAtWhichOthersLeave() throws Exception {
        Places places = new Places(3, 2);
        assertThat(places.secondsToRoom()).isEqualTo(1);
        for (int i = 0; i < 40; i++) {
            places.enter("a");
            places.leave("a");
        }
        assertThat(places.secondsToRoom()).isEqualTo(1); // never less
    }

    @Test
    void shouldCountWhoIsInsideByTenantAndInAll() {
        Places places = new Places(3, 2);
        places.enter("a");
        places.enter("a");
        assertThatThrownBy(() -> places.enter("a")).hasMessageContaining("this key");
        places.enter("b");
        assertThatThrownBy(() -> places.enter("c")).hasMessageContaining("the server is full: requests=3");
        places.leave("a");
        places.enter("c");
    }
}
