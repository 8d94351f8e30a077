//! The keyboard where no window manager hands it out: a bare X server, a kiosk, a test. There the window takes it
//! itself; winit would drop every key otherwise.

use std::time::Duration;

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, InputFocus, Window};
use x11rb::rust_connection::RustConnection;

type Failure = Box<dyn std::error::Error>;

/// Takes the keyboard in the background if nobody else gives it, as soon as the window is there.
pub fn take_if_unmanaged() {
    std::thread::spawn(|| {
        for _ in 0..40 {
            match try_to_take() {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => return tracing::debug!("the keyboard focus is left as it is: {error}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
}

/// Whether there is nothing left to do.
fn try_to_take() -> Result<bool, Failure> {
    let (connection, screen) = x11rb::connect(None)?;
    let root = connection.setup().roots.get(screen).ok_or("no such screen")?.root;
    if has_window_manager(&connection, root)? {
        return Ok(true);
    }
    match own_window(&connection, root)? {
        // Refused until the window is on the screen.
        Some(window) => {
            Ok(connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?.check().is_ok())
        }
        None => Ok(false),
    }
}

fn has_window_manager(connection: &RustConnection, root: Window) -> Result<bool, Failure> {
    let atom = connection.intern_atom(false, b"_NET_SUPPORTING_WM_CHECK")?.reply()?.atom;
    let property = connection.get_property(false, root, atom, AtomEnum::WINDOW, 0, 1)?.reply()?;
    Ok(property.value_len > 0)
}

/// The window of this process that lies directly on the root.
fn own_window(connection: &RustConnection, root: Window) -> Result<Option<Window>, Failure> {
    let atom = connection.intern_atom(false, b"_NET_WM_PID")?.reply()?.atom;
    for window in connection.query_tree(root)?.reply()?.children {
        let property = connection.get_property(false, window, atom, AtomEnum::CARDINAL, 0, 1)?.reply()?;
        if property.value32().and_then(|mut values| values.next()) == Some(std::process::id()) {
            return Ok(Some(window));
        }
    }
    Ok(None)
}
