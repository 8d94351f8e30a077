//! Whether a window can be opened here: asked before bevy is, which would panic.

use bevy::render::settings::WgpuSettings;

/// Whether there is a display and a driver that can draw on it. The error is one line that says what is missing
/// and what to do about it.
pub fn display_available() -> Result<(), String> {
    display()?;
    driver()
}

#[cfg(all(unix, not(target_os = "macos")))]
fn display() -> Result<(), String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (set("DISPLAY"), set("WAYLAND_DISPLAY")) {
        (None, None) => Err("no display: neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned()),
        (Some(name), wayland) => match connect(&name).and_then(|()| greet(&name)) {
            Ok(()) => Ok(()),
            Err(_) if wayland.is_some() && cfg!(feature = "wayland") => Ok(()),
            Err(error) => Err(format!("no display: nothing answers at DISPLAY={name} ({error})")),
        },
        (None, Some(_)) if cfg!(feature = "wayland") => Ok(()),
        (None, Some(name)) => Err(format!(
            "no display: WAYLAND_DISPLAY={name} is set, but this build speaks X11 only; \
             start Xwayland, or build with --features wayland"
        )),
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn display() -> Result<(), String> {
    Ok(())
}

/// Whether an X server answers at `name`: `:0`, `:0.0`, `unix:0`, `host:10.0`, or the path of a socket.
#[cfg(all(unix, not(target_os = "macos")))]
fn connect(name: &str) -> std::io::Result<()> {
    use std::net::TcpStream;
    use std::os::unix::net::UnixStream;
    let bad = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "not the name of a display");
    if name.starts_with('/') {
        return UnixStream::connect(name).map(|_| ());
    }
    let (host, number) = name.rsplit_once(':').ok_or_else(bad)?;
    let number: u16 = number.split('.').next().and_then(|n| n.parse().ok()).ok_or_else(bad)?;
    if !host.is_empty() && host != "unix" {
        let port = number.checked_add(6000).ok_or_else(bad)?;
        return TcpStream::connect((host.trim_start_matches("tcp/"), port)).map(|_| ());
    }
    let path = format!("/tmp/.X11-unix/X{number}");
    UnixStream::connect(&path).map(|_| ()).or_else(|error| abstract_socket(&path).map_err(|_| error))
}

/// So long a server may take to answer.
#[cfg(target_os = "linux")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Whether what listens at `name` speaks as an X server does, and lets this program in.
#[cfg(target_os = "linux")]
fn greet(name: &str) -> std::io::Result<()> {
    let (tell, told) = std::sync::mpsc::channel();
    let name = name.to_owned();
    // One that never answers keeps this thread; the program goes on without it.
    std::thread::spawn(move || {
        let answer = x11rb::connect(Some(&name)).map(|_| ()).map_err(|error| error.to_string());
        // Nobody listens any more if it took too long.
        let _ = tell.send(answer);
    });
    match told.recv_timeout(PATIENCE) {
        Ok(answer) => answer.map_err(std::io::Error::other),
        Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not answer")),
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
fn greet(_name: &str) -> std::io::Result<()> {
    Ok(())
}

/// Linux servers also listen on a socket without a file.
#[cfg(target_os = "linux")]
fn abstract_socket(path: &str) -> std::io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};
    UnixStream::connect_addr(&SocketAddr::from_abstract_name(path)?).map(|_| ())
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
fn abstract_socket(_path: &str) -> std::io::Result<()> {
    Err(std::io::ErrorKind::NotFound.into())
}

/// Whether a graphics driver offers an adapter, asked the way bevy will ask.
pub(super) fn driver() -> Result<(), String> {
    let settings = WgpuSettings::default();
    let backends = settings.backends.unwrap_or(wgpu::Backends::all());
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    let instance = wgpu::Instance::new(descriptor);
    let options = wgpu::RequestAdapterOptions { power_preference: settings.power_preference, ..Default::default() };
    match bevy::tasks::block_on(instance.request_adapter(&options)) {
        Ok(_) => Ok(()),
        Err(_) => Err(no_driver()),
    }
}

fn no_driver() -> String {
    let what = "no usable graphics driver was found";
    if cfg!(target_os = "linux") {
        format!("{what}; install one, on Debian or Ubuntu: sudo apt install libvulkan1 mesa-vulkan-drivers")
    } else {
        format!("{what}; install or update the graphics driver of this computer")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn a_display_that_hangs_up_or_says_nothing_is_told_from_one_that_answers() {
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("X");
        let listener = UnixListener::bind(&path).expect("a socket");
        let mute = listener.try_clone().expect("the same socket");
        std::thread::spawn(move || drop(listener.accept()));
        let name = path.display().to_string();
        assert!(super::connect(&name).is_ok(), "something listens");
        assert!(super::greet(&name).is_err(), "but it is no X server");
        drop(mute);
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn nonsense_is_no_display() {
        for name in ["", "x", ":", ":x", ":65000", "/nonexistent", "unix:64999.0"] {
            assert!(super::connect(name).is_err(), "{name}");
        }
    }
}
